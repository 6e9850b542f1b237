-- Applies, in order, those of the given events that are parked in this bucket, and forgets each in the same write.
-- Returns how many changes are done.

local function unpark(number, offset, what)
  if redis.call('HDEL', PARKED, parked_field(number, offset)) == 0 then return false end
  local key = parked_key(number, string.sub(what, 2))
  if redis.call('HINCRBY', PARKED_KEYS, key, -1) == 0 then
    redis.call('HDEL', PARKED_KEYS, key)
    redis.call('HDEL', RETRIES, key)
  end
  return true
end

local was_parked, has_changed = false, false
local done = each(function(number, offset, _, what)
  if string.byte(what) == 0 then
    was_parked = unpark(number, offset, what)
    return 1
  end
  if not was_parked then return 0 end
  has_changed = true
  return 1 + change(what)
end)
if has_changed then finish() end
return done
