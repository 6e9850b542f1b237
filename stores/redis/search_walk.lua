-- What both lists of posts begin with.
--
-- KEYS[1]  the shard
-- ARGV[1]  below what to begin: '(' and a member
-- ARGV[2]  how many posts
-- ARGV[3]  how many rows to look at, those of other terms included
-- ARGV[4]  the terms, each on a line
-- Returns whether the shard is believed (see `view.py`); members; and the last that was looked at, nil when there are none below.

local BUCKET, START, LIMIT, LOOKED_LIMIT = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local STATE = redis.call('HMGET', BUCKET .. ':state', 'filling', 'buckets')
local READ_AT_ONCE = 100

-- The rarest first.
local terms = {}
for term in string.gmatch(ARGV[4], '[^\n]+') do
  local posts = BUCKET .. ':date:' .. term
  terms[#terms + 1] = {term = term, posts = posts, size = redis.call('ZCARD', posts)}
end
table.sort(terms, function(one, other) return one.size < other.size end)

-- How many rows it took to see whether the post has all of the terms but the leading one, and whether it has.
local function look_up(post, leader)
  local looked = 0
  for _, term in ipairs(terms) do
    if term.term ~= leader then
      looked = looked + 1
      if not redis.call('ZSCORE', term.posts, post) then return looked, false end
    end
  end
  return looked, true
end

-- Goes down the index of the leading term, whose members end in a post.
local function walk(index, leader)
  local found, from, looked = {}, START, 0
  repeat
    local members = redis.call('ZREVRANGEBYLEX', index, from, '-', 'LIMIT', 0, READ_AT_ONCE)
    for _, member in ipairs(members) do
      local more, is_hit = look_up(string.sub(member, -8), leader)
      looked = looked + 1 + more
      if is_hit then found[#found + 1] = member end
      if #found == LIMIT or looked >= LOOKED_LIMIT then return {STATE, found, member} end
      from = '(' .. member
    end
  until #members < READ_AT_ONCE
  return {STATE, found, false}
end

if terms[1].size == 0 then return {STATE, {}, false} end
