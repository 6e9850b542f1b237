-- Drops the feeds of up to ARGV[2] readers who were not seen since ARGV[1]. Returns how many.

local BUCKET = KEYS[1]
local idle = redis.call('ZRANGEBYSCORE', BUCKET .. ':seen', '-inf', '(' .. ARGV[1], 'LIMIT', 0, ARGV[2])
for _, reader in ipairs(idle) do
  redis.call('UNLINK', BUCKET .. ':feed:' .. reader)
  redis.call('HDEL', BUCKET .. ':floors', reader)
  redis.call('ZREM', BUCKET .. ':seen', reader)
end
return #idle
