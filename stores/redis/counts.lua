-- ARGV: part, stamp and count of every part, then of how many parts a count is made, and for how many milliseconds a new key is kept.
-- What is known by a greater stamp stays. The sum of the parts stands beside them once all are known.

for at = 1, #ARGV - 2, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[at])
  if not known or tonumber(string.match(known, '^%d+')) < tonumber(ARGV[at + 1]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1] .. ':' .. ARGV[at + 2])
  end
end

redis.call('HDEL', KEYS[1], 'sum')
local parts = redis.call('HVALS', KEYS[1])
if #parts == tonumber(ARGV[#ARGV - 1]) then
  local sum = 0
  for _, part in ipairs(parts) do
    sum = sum + tonumber(string.match(part, ':(%d+)$'))
  end
  redis.call('HSET', KEYS[1], 'sum', sum)
end

if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[#ARGV])
end
