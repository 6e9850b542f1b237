-- Counts one request. KEYS[1] is the window of a client, ARGV[1] its length in milliseconds.
-- Returns how many it has had, this one included, and the milliseconds that are left of the window.
local count = redis.call('INCR', KEYS[1])
local left_ms = redis.call('PTTL', KEYS[1])
if left_ms < 0 then
  left_ms = tonumber(ARGV[1])
  redis.call('PEXPIRE', KEYS[1], left_ms)
end
return {count, left_ms}
