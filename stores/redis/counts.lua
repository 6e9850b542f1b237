-- ARGV: part, stamp and count of every part, then for how many milliseconds a new key is kept. What is known by a greater stamp stays.

for at = 1, #ARGV - 1, 3 do
  local known = redis.call('HGET', KEYS[1], ARGV[at])
  if not known or tonumber(string.match(known, '^%d+')) < tonumber(ARGV[at + 1]) then
    redis.call('HSET', KEYS[1], ARGV[at], ARGV[at + 1] .. ':' .. ARGV[at + 2])
  end
end
if redis.call('PTTL', KEYS[1]) < 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[#ARGV])
end
