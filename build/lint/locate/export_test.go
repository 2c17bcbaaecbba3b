package locate

// Mistakes are the messages of BuildKit that are no rules.
var Mistakes = mistakes
