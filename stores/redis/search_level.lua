-- As the port's `like_level`, in one byte.
local function level_of(like_count)
  local _, bit_length = math.frexp(like_count)
  return string.char(bit_length)
end
