-- Members are posts.

return walk(terms[1].posts, terms[1].term)
