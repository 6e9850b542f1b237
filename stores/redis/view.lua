-- What the scripts of every view in Redis begin with: one bucket's fences, and its parked events.
--
-- KEYS[1]  what the bucket's keys begin with
-- ARGV[1]  into how many buckets the generation is divided
-- ARGV[2]  how much work is enough for one call: it ends with the event that reaches this
-- ARGV[3]  the view's own settings
-- ARGV[4]  how many partitions follow, two arguments each: the name; first and last offset, and the id of the last event
-- The rest are pairs, in the order of the events: a stamp (number of the partition, offset, id of the event), and what to do.
--
-- What to do begins with a byte. 0 parks or unparks the event; all others belong to the view, which has to define
--   change(what)  applies one change, returns how much work it was
--   finish()      called at the end of each call that changed something

local BUCKET, BUCKET_COUNT, ENOUGH, SETTINGS = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local FIRST = 5 + 2 * tonumber(ARGV[4])
local STATE, FENCE = BUCKET .. ':state', BUCKET .. ':fence'
local PARKED, PARKED_KEYS, RETRIES = BUCKET .. ':parked', BUCKET .. ':parked_keys', BUCKET .. ':retries'

local divided = redis.call('HGET', STATE, 'buckets')
if divided and divided ~= BUCKET_COUNT then
  return redis.error_reply('OTHERBUCKETS the generation is divided into ' .. divided .. ', not ' .. BUCKET_COUNT)
end

local function event_of(stamp)
  local number, offset, id = struct.unpack('>HI8c8', stamp)
  return {number = number + 1, name = ARGV[5 + 2 * number], offset = offset, id = id}
end

local function field_of(event)
  return event.name .. ':' .. string.format('%.0f', event.offset)
end

local function topic_of(event)
  return string.match(event.name, '^(.*)/')
end
