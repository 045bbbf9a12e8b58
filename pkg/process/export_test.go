package process

// DiscoverLayoutIn lets tests lay out a system below a directory.
var DiscoverLayoutIn = discoverLayout
