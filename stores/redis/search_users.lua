-- ARGV[1]  where to begin: '[' or '(' and a word, or a member of the index
-- ARGV[2]  how many users
-- ARGV[3]  how many rows to look at
-- ARGV[4]  the longest prefix, whose words are walked, then the others
-- Returns whether the shard is believed (see `view.py`); members; and the last that was looked at, nil when there are none above.

local BUCKET, START, LIMIT, LOOKED_LIMIT, LONGEST = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local STATE = redis.call('HMGET', BUCKET .. ':state', 'filling', 'buckets')
local READ_AT_ONCE = 100

local function begins(word, prefix)
  return string.sub(word, 1, #prefix) == prefix
end

-- As Redis orders them: Lua's own `<` asks the server's locale.
local function is_before(one, other)
  for at = 1, math.min(#one, #other) do
    local a, b = string.byte(one, at), string.byte(other, at)
    if a ~= b then return a < b end
  end
  return #one < #other
end

-- The user is listed at the first word that begins with the longest prefix, and has words for the others.
local function is_hit(word, facts)
  local missing = {}
  for number = 5, #ARGV do missing[ARGV[number]] = true end
  for other in string.gmatch(facts, '[^%z\n]+') do
    if begins(other, LONGEST) and is_before(other, word) then return false end
    for prefix in pairs(missing) do
      if begins(other, prefix) then missing[prefix] = nil end
    end
  end
  return next(missing) == nil
end

local found, from, looked = {}, START, 0
repeat
  local members =
    redis.call('ZRANGEBYLEX', BUCKET .. ':words', from, '(' .. LONGEST .. '\255', 'LIMIT', 0, READ_AT_ONCE)
  for _, member in ipairs(members) do
    local facts = redis.call('GET', BUCKET .. ':user:' .. string.sub(member, -8))
    looked = looked + 1
    if is_hit(string.sub(member, 1, -10), facts) then found[#found + 1] = member end
    if #found == LIMIT or looked >= LOOKED_LIMIT then return {STATE, found, member} end
    from = '(' .. member
  end
until #members < READ_AT_ONCE
return {STATE, found, false}
