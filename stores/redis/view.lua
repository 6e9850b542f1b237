-- What the scripts of every view in Redis begin with: one bucket's fences, and how the events of a batch are gone through.
--
-- KEYS[1]  what the bucket's keys begin with
-- ARGV[1]  into how many buckets the generation is divided
-- ARGV[2]  how much work is enough for one call: it ends with the event that reaches this
-- ARGV[3]  the view's own settings
-- ARGV[4]  how many partitions follow, two arguments each: the name; first and last offset, and the id of the last event
-- The last argument holds what concerns this bucket, in the order of the events, one after the other: a stamp (number of the
-- partition, offset, id of the event), and what to do, with its length.
--
-- What to do begins with a byte. 0 parks or unparks the event; all others belong to the view, which has to define
--   change(what)  applies one change, returns how much work it was
--   finish()      called at the end of each call that did something

local BUCKET, BUCKET_COUNT, ENOUGH, SETTINGS = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local CHANGES = ARGV[#ARGV]
local STATE, FENCE = BUCKET .. ':state', BUCKET .. ':fence'
local PARKED, PARKED_KEYS, RETRIES = BUCKET .. ':parked', BUCKET .. ':parked_keys', BUCKET .. ':retries'

local divided, emptying, dropped = unpack(redis.call('HMGET', STATE, 'buckets', 'emptying', 'dropped'))
if dropped then
  return redis.error_reply('DROPPED the generation of ' .. BUCKET .. ' is dropped')
end
if emptying then
  return redis.error_reply('EMPTYING a repair has begun to empty ' .. BUCKET .. ' and has to be ended: give its command again')
end
if divided and divided ~= BUCKET_COUNT then
  return redis.error_reply('OTHERBUCKETS the generation is divided into ' .. divided .. ', not ' .. BUCKET_COUNT)
end

-- Calls take(number, offset, id, what), which returns how much work it was. Returns how many it took, and whether this was all.
local function each(take)
  local at, count, work, last_number, last_offset = 1, 0, 0, nil, nil
  while at <= #CHANGES do
    local number, offset, id, what, next_at = struct.unpack('>HI8c8I4c0', CHANGES, at)
    if work >= ENOUGH and not (number == last_number and offset == last_offset) then break end
    work = work + take(number + 1, offset, id, what)
    at, count, last_number, last_offset = next_at, count + 1, number, offset
  end
  return count, at > #CHANGES
end

local function name_of(number)
  return ARGV[3 + 2 * number]
end

local function parked_field(number, offset)
  return name_of(number) .. ':' .. string.format('%.0f', offset)
end

local function parked_key(number, key)
  return string.match(name_of(number), '^(.*)/') .. '\0' .. key
end
