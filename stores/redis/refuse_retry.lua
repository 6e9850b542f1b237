-- ARGV[1] names a parked key, ARGV[2] is the reason why its events stay parked.

local PARKED = KEYS[1] .. ':parked'
if redis.call('HEXISTS', KEYS[1] .. ':parked_keys', ARGV[1]) == 0 then return end
redis.call('HSET', KEYS[1] .. ':retries', ARGV[1], 0)
local parked = redis.call('HGETALL', PARKED)
for at = 1, #parked, 2 do
  local id_and_key, key = string.match(parked[at + 1], '^(........(%Z*)%z)')
  if string.match(parked[at], '^(.*)/') .. '\0' .. key == ARGV[1] then
    redis.call('HSET', PARKED, parked[at], id_and_key .. ARGV[2])
  end
end
