-- ARGV: stamp and content of a row, when it was known to be so, and for how many milliseconds it is kept.
-- What is kept by the same or a greater stamp stays. What was known so long ago that a newer row may have come and gone since is
-- not taken, since whoever brings it was frozen, or its clock is that wrong; but what is older still goes.

local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+')) >= tonumber(ARGV[1]) then
  return
end
local time = redis.call('TIME')
local now_ms = time[1] * 1000 + math.floor(time[2] / 1000)
if now_ms - ARGV[3] < tonumber(ARGV[4]) then
  redis.call('SET', KEYS[1], ARGV[1] .. ':' .. ARGV[2], 'PX', ARGV[4])
elseif kept then
  redis.call('DEL', KEYS[1])
end
