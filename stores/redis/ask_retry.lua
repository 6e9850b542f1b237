-- ARGV[1] names a parked key.

if redis.call('HEXISTS', KEYS[1] .. ':parked_keys', ARGV[1]) == 1 then
  redis.call('HSET', KEYS[1] .. ':retries', ARGV[1], 1)
end
