-- ARGV[5]  up to how many posts a term is rare: they are told all, in no order, wherever to begin
-- Members are like level and post.

local function all()
  local sets, found = {}, {}
  for _, term in ipairs(terms) do sets[#sets + 1] = term.posts end
  for _, post in ipairs(redis.call('ZINTER', #sets, unpack(sets))) do
    found[#found + 1] = level_of(redis.call('SCARD', BUCKET .. ':likes:' .. post)) .. post
  end
  return {STATE, found, false}
end

-- Pairs have no rows by level, but their words have.
local function rarest_word()
  local rarest, least
  for _, term in ipairs(terms) do
    for word in string.gmatch(term.term, '[^ ]+') do
      local size = redis.call('ZCARD', BUCKET .. ':level:' .. word)
      if not least or size < least then rarest, least = word, size end
    end
  end
  return rarest
end

if terms[1].size <= tonumber(ARGV[5]) then return all() end
local leader = rarest_word()
return walk(BUCKET .. ':level:' .. leader, leader)
