-- Applies, in order, those of the given events that are parked in this bucket, and forgets each in the same write.
-- Returns how many pairs are done.

local function unpark(event, what)
  if redis.call('HDEL', PARKED, field_of(event)) == 0 then return false end
  local key = topic_of(event) .. what
  if redis.call('HINCRBY', PARKED_KEYS, key, -1) == 0 then
    redis.call('HDEL', PARKED_KEYS, key)
    redis.call('HDEL', RETRIES, key)
  end
  return true
end

local at, work, previous, was_parked = FIRST, 0, nil, false
while at < #ARGV and (work < ENOUGH or ARGV[at] == previous) do
  previous = ARGV[at]
  local what = ARGV[at + 1]
  if string.byte(what) == 0 then
    was_parked = unpark(event_of(previous), what)
  elseif was_parked then
    work = work + 1 + change(what)
  end
  at = at + 2
end
if work > 0 then finish() end
return (at - FIRST) / 2
