-- The bucket is believed from now on, unless it stands before one of the given partitions' offsets: then it was emptied meanwhile.
--
-- ARGV[1]: into how many buckets the generation is divided; then the names of partitions, each followed by an offset

local STATE, FENCE = KEYS[1] .. ':state', KEYS[1] .. ':fence'
local divided, emptying, dropped = unpack(redis.call('HMGET', STATE, 'buckets', 'emptying', 'dropped'))
if emptying or dropped or (divided and divided ~= ARGV[1]) then return 0 end
for at = 2, #ARGV, 2 do
  local fence = redis.call('HGET', FENCE, ARGV[at])
  if not fence or struct.unpack('>I8', fence) < tonumber(ARGV[at + 1]) then return 0 end
end
redis.call('HSET', STATE, 'buckets', ARGV[1], 'filling', 0)
return 1
