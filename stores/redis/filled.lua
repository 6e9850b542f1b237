-- The bucket is believed from now on, unless it stands before one of the given partitions' offsets: then it was emptied meanwhile.

local STATE, FENCE = KEYS[1] .. ':state', KEYS[1] .. ':fence'
for at = 2, #ARGV, 2 do
  local fence = redis.call('HGET', FENCE, ARGV[at])
  if not fence or struct.unpack('>I8', fence) < tonumber(ARGV[at + 1]) then return 0 end
end
redis.call('HSETNX', STATE, 'buckets', ARGV[1])
redis.call('HSET', STATE, 'filling', 0)
return 1
