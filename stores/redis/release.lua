-- Applies, in order, those of the given events that are parked in this bucket, and forgets each in the same write. What a script
-- that fails has written stays, so an event is forgotten after its changes: one that cannot be applied is still parked.
-- Returns how many changes are done.

local function unpark(number, offset, key_name)
  redis.call('HDEL', PARKED, parked_field(number, offset))
  local key = parked_key(number, key_name)
  if redis.call('HINCRBY', PARKED_KEYS, key, -1) == 0 then
    redis.call('HDEL', PARKED_KEYS, key)
    redis.call('HDEL', RETRIES, key)
  end
end

local begun, has_changed = nil, false
local function settle()
  if begun then unpark(unpack(begun)) end
  begun = nil
end

local done = each(function(number, offset, _, what)
  if string.byte(what) == 0 then
    settle()
    if redis.call('HEXISTS', PARKED, parked_field(number, offset)) == 1 then
      begun = {number, offset, string.sub(what, 2)}
    end
    return 1
  end
  if not begun then return 0 end
  has_changed = true
  return 1 + change(what)
end)
if has_changed then finish() end
settle()
return done
