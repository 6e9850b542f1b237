-- A reader's feed from some post on downwards, all of one moment.
--
-- ARGV: the reader; how many entries; the time of the post below which to begin, or '+inf'
-- Returns whether the bucket is believed (see `view.py`), the floor, the entries at exactly that time, those below it, and the
-- authors to be merged: followed so late that a post of theirs, not younger than the last entry (or the floor, when there are
-- fewer entries than asked for), may not have been pushed; and those who were celebrities.

local BUCKET, reader, limit, from_ms = KEYS[1], ARGV[1], tonumber(ARGV[2]), ARGV[3]
local feed, following = BUCKET .. ':feed:' .. reader, BUCKET .. ':following:' .. reader

local state = redis.call('HMGET', BUCKET .. ':state', 'filling', 'buckets')
local floor = redis.call('HGET', BUCKET .. ':floors', reader)
if not floor then return {state, false, {}, {}, {}, {}} end

local at = {}
if from_ms ~= '+inf' then at = redis.call('ZREVRANGEBYSCORE', feed, from_ms, from_ms) end
local below = redis.call('ZREVRANGEBYSCORE', feed, '(' .. from_ms, '-inf', 'LIMIT', 0, limit)
local since = '(' .. floor
if #below == limit then since = redis.call('ZSCORE', feed, below[limit]) end
return {
  state, floor, at, below,
  redis.call('ZRANGEBYSCORE', following, since, '+inf'),
  redis.call('ZINTER', 2, following, BUCKET .. ':ever'),
}
