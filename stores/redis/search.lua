-- Search, as `apply.lua` and `release.lua` change it in one shard. Ids are 8 bytes, big-endian. An index is a sorted set in which
-- all scores are 0, so that its members stand in the order of their bytes.
--
-- <bucket>:post:<post>    what the post says: '+' when it is public, else '-'; the terms of its caption, its tags and the terms of
--                         its place, each on a line, with a byte 0 between these three. '.' when it is gone
-- <bucket>:likes:<post>   set: users who like it
-- <bucket>:date:<term>    index: posts
-- <bucket>:level:<term>   index: like level (one byte) and post; not for pairs
-- <bucket>:tags           index: tags of public posts
-- <bucket>:tag_counts     hash: how many public posts have the tag
-- <bucket>:user:<user>    what the user is found by: words of the user name, a byte 0, words of the display name, each on a line
-- <bucket>:words          index: word, a byte 0, user
--
-- A term is the end of its key and so cannot reach into the hash tag, whatever it is made of.

local POST, LIKES, USER = BUCKET .. ':post:', BUCKET .. ':likes:', BUCKET .. ':user:'
local DATE, LEVEL = BUCKET .. ':date:', BUCKET .. ':level:'
local TAGS, TAG_COUNTS, WORDS = BUCKET .. ':tags', BUCKET .. ':tag_counts', BUCKET .. ':words'
local PUBLIC, GONE = '+', '.'

local function lines(text)
  return string.gmatch(text, '[^\n]+')
end

local function is_pair(term)
  return string.find(term, ' ', 1, true)
end

local function parsed(facts)
  local visibility, caption, tags, place = string.match(facts, '^(.)(%Z*)%z(%Z*)%z(%Z*)$')
  return {visibility = visibility, caption = caption, tags = tags, place = place}
end

-- nil unless it is there.
local function load(id)
  local facts = redis.call('GET', POST .. id)
  if not facts or facts == GONE then return nil end
  return parsed(facts)
end

local function store(id, post)
  local facts = post and post.visibility .. post.caption .. '\0' .. post.tags .. '\0' .. post.place
  redis.call('SET', POST .. id, facts or GONE)
end

local function terms_of(post)
  local terms = {}
  if post then
    for term in lines(post.caption) do terms[term] = true end
    for term in lines(post.place) do terms[term] = true end
    for tag in lines(post.tags) do terms['#' .. tag] = true end
  end
  return terms
end

local function index(term, id, level)
  redis.call('ZADD', DATE .. term, 0, id)
  if is_pair(term) then return 1 end
  redis.call('ZADD', LEVEL .. term, 0, level .. id)
  return 2
end

local function unindex(term, id, level)
  redis.call('ZREM', DATE .. term, id)
  if is_pair(term) then return 1 end
  redis.call('ZREM', LEVEL .. term, level .. id)
  return 2
end

local function counted(post)
  return post and post.visibility == PUBLIC and post.tags or ''
end

local function count(tags, by)
  local work = 0
  for tag in lines(tags) do
    if redis.call('HINCRBY', TAG_COUNTS, tag, by) == 0 then
      redis.call('HDEL', TAG_COUNTS, tag)
      redis.call('ZREM', TAGS, tag)
    else
      redis.call('ZADD', TAGS, 0, tag)
    end
    work = work + 2
  end
  return work
end

-- What a failing script has written stays. So facts are written after what follows from them: applied again, it is written again.
local function replace(id, before, after)
  local level = level_of(redis.call('SCARD', LIKES .. id))
  local had, has, work = terms_of(before), terms_of(after), 1
  for term in pairs(had) do
    if not has[term] then work = work + unindex(term, id, level) end
  end
  for term in pairs(has) do
    if not had[term] then work = work + index(term, id, level) end
  end
  if counted(before) ~= counted(after) then
    work = work + count(counted(before), -1) + count(counted(after), 1)
  end
  store(id, after)
  return work
end

local function edit(id, said)
  local before = load(id)
  if not before then return 0 end
  local after = {visibility = before.visibility, caption = before.caption, tags = before.tags, place = before.place}
  for name, value in pairs(said) do after[name] = value end
  return replace(id, before, after)
end

local function move(id, from, to)
  local work = 0
  for term in pairs(terms_of(load(id))) do
    if not is_pair(term) then
      redis.call('ZREM', LEVEL .. term, from .. id)
      redis.call('ZADD', LEVEL .. term, 0, to .. id)
      work = work + 2
    end
  end
  return work
end

-- `by` is 1 for SADD and -1 for SREM.
local function like(command, by, id, user)
  if redis.call('GETRANGE', POST .. id, 0, 0) == GONE then return 0 end
  local is_liked = redis.call('SISMEMBER', LIKES .. id, user) == 1
  if is_liked == (by > 0) then return 0 end
  local like_count = redis.call('SCARD', LIKES .. id)
  local before, after = level_of(like_count), level_of(like_count + by)
  local work = before == after and 0 or move(id, before, after)
  redis.call(command, LIKES .. id, user)
  return work
end

local function words_of(facts)
  local words = {}
  for word in string.gmatch(facts, '[^%z\n]+') do words[word] = true end
  return words
end

local function rename(id, before, after)
  local had, has, work = words_of(before), words_of(after), 1
  for word in pairs(had) do
    if not has[word] then work = work + redis.call('ZREM', WORDS, word .. '\0' .. id) end
  end
  for word in pairs(has) do
    if not had[word] then work = work + redis.call('ZADD', WORDS, 0, word .. '\0' .. id) end
  end
  redis.call('SET', USER .. id, after)
  return work
end

-- By the first byte of a change: what it does to the post or user of this id, with what is left of the change.
local KINDS = {
  function(id, facts)
    if redis.call('EXISTS', POST .. id) == 1 then return 0 end
    return replace(id, nil, parsed(facts))
  end,
  function(id, said)
    local caption, tags = string.match(said, '^(%Z*)%z(%Z*)$')
    return edit(id, {caption = caption, tags = tags})
  end,
  function(id, place)
    return edit(id, {place = place})
  end,
  function(id, visibility)
    return edit(id, {visibility = visibility})
  end,
  function(id)
    local work = replace(id, load(id), nil)
    redis.call('UNLINK', LIKES .. id)
    return work
  end,
  function(id, user)
    return like('SADD', 1, id, user)
  end,
  function(id, user)
    return like('SREM', -1, id, user)
  end,
  function(id, words)
    if redis.call('EXISTS', USER .. id) == 1 then return 0 end
    return rename(id, '', words)
  end,
  function(id, display_words)
    local known = redis.call('GET', USER .. id)
    if not known then return 0 end
    return rename(id, known, string.match(known, '^%Z*%z') .. display_words)
  end,
}

local function change(what)
  local kind, id, at = struct.unpack('>Bc8', what)
  return KINDS[kind](id, string.sub(what, at))
end

local function finish()
end
