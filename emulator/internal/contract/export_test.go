package contract

// LoadShipped is how Builtin loads, from other files.
var LoadShipped = loadShipped
