-- Feeds, as `apply.lua` and `release.lua` change them in one bucket. Ids are 8 bytes, big-endian; times are milliseconds.
--
-- <bucket>:following:<reader>  sorted set: authors by `since`
-- <bucket>:followers:<author>  set: their followers who live in this bucket
-- <bucket>:feed:<reader>       sorted set: entries (post and author, 16 bytes) by the time of the post
-- <bucket>:floors              hash: the floor of every reader who has a feed
-- <bucket>:seen                sorted set: readers by when they were seen, for as long as they have a feed
-- <bucket>:unpushed, :ever     sets: authors who are not pushed to this bucket, now or at some time
-- <bucket>:state, high_ms      the highest post

local CAP, CELEBRITY = struct.unpack('>I4I4', SETTINGS)
local FLOORS, SEEN = BUCKET .. ':floors', BUCKET .. ':seen'
local UNPUSHED, EVER = BUCKET .. ':unpushed', BUCKET .. ':ever'
local SCANNED_PER_ENTRY = 20  -- so many entries are looked at in the time in which one is written

local high = tonumber(redis.call('HGET', STATE, 'high_ms') or 0)
local stored_high = high
local grown = {}

local function feed_of(reader)
  return BUCKET .. ':feed:' .. reader
end

local function push(entry, ms)
  if ms > high then high = ms end
  local author = string.sub(entry, 9)
  if redis.call('SISMEMBER', UNPUSHED, author) == 1 then return 0 end
  local readers = redis.call('SMEMBERS', BUCKET .. ':followers:' .. author)
  if #readers == 0 then return 0 end
  local floors = redis.call('HMGET', FLOORS, unpack(readers))
  for number, reader in ipairs(readers) do
    local floor = floors[number]
    if floor and tonumber(floor) < ms and redis.call('ZADD', feed_of(reader), ms, entry) == 1 then
      grown[reader] = true
    end
  end
  return #readers
end

local function follow(reader, author)
  local followers = BUCKET .. ':followers:' .. author
  redis.call('ZADD', BUCKET .. ':following:' .. reader, 'NX', high, author)
  if redis.call('SADD', followers, reader) == 1 and redis.call('SCARD', followers) > CELEBRITY then
    redis.call('SADD', UNPUSHED, author)
    redis.call('SADD', EVER, author)
  end
  return 0
end

local function unfollow(reader, author)
  local followers = BUCKET .. ':followers:' .. author
  if redis.call('ZREM', BUCKET .. ':following:' .. reader, author) == 0 then return 0 end
  redis.call('SREM', followers, reader)
  if redis.call('SCARD', followers) <= math.floor(CELEBRITY / 2) then
    redis.call('SREM', UNPUSHED, author)
  end
  local entries = redis.call('ZRANGE', feed_of(reader), 0, -1)
  for _, entry in ipairs(entries) do
    if string.sub(entry, 9) == author then redis.call('ZREM', feed_of(reader), entry) end
  end
  return #entries / SCANNED_PER_ENTRY
end

local function see(reader, seen_at_ms)
  redis.call('ZADD', SEEN, 'GT', seen_at_ms, reader)
  redis.call('HSETNX', FLOORS, reader, high)
  return 0
end

local function change(what)
  local kind = string.byte(what)
  if kind == 1 then
    return push(struct.unpack('>c16I8', what, 2))
  elseif kind == 2 then
    return follow(struct.unpack('>c8c8', what, 2))
  elseif kind == 3 then
    return unfollow(struct.unpack('>c8c8', what, 2))
  else
    return see(struct.unpack('>c8I8', what, 2))
  end
end

-- Feeds may be an eighth longer than the cap, so that a full one is not cut for every post. Everything of the millisecond that is
-- cut goes: a feed is complete above its floor, and holds nothing else.
local function finish()
  for reader in pairs(grown) do
    local feed = feed_of(reader)
    if redis.call('ZCARD', feed) > CAP + math.floor(CAP / 8) then
      local floor = redis.call('ZREVRANGE', feed, CAP, CAP, 'WITHSCORES')[2]
      redis.call('ZREMRANGEBYSCORE', feed, '-inf', floor)
      redis.call('HSET', FLOORS, reader, floor)
    end
  end
  if high > stored_high then redis.call('HSET', STATE, 'high_ms', high) end
end
