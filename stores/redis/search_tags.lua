-- ARGV: the range of tags, as Redis writes it; how many tags.
-- Returns whether the shard is believed (see `view.py`), tags, and how many public posts each has.

local BUCKET = KEYS[1]
local tags = redis.call('ZRANGEBYLEX', BUCKET .. ':tags', ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
return {
  redis.call('HMGET', BUCKET .. ':state', 'filling', 'buckets'),
  tags,
  #tags == 0 and {} or redis.call('HMGET', BUCKET .. ':tag_counts', unpack(tags)),
}
