package embedded

// A Report is the engine's configuration as it is now, for people and programs. In its texts no
// password is shown.
type Report struct {
	File   string `json:"file,omitempty"`   // absent if there is none
	Source string `json:"source,omitempty"` // what names the file, for people
	Error  string `json:"error,omitempty"`  // the mistake in it, with its line. Then it says no more

	Registries  []Registry `json:"registries,omitempty"`
	Proxies     []Proxy    `json:"proxies,omitempty"`
	NameServers []string   `json:"nameServers,omitempty"` // of steps; absent: the machine's
	Parallelism int        `json:"parallelism,omitempty"` // steps at once; absent: any number
	// MaxUsedBytes is the limit of the cache, MinFreeBytes what of the disk is left free as long as
	// the cache has more than ReservedBytes; 0: there is no such limit.
	MaxUsedBytes  int64 `json:"maxUsedBytes"`
	MinFreeBytes  int64 `json:"minFreeBytes"`
	ReservedBytes int64 `json:"reservedBytes"`

	Remarks []string `json:"remarks,omitempty"` // what may not be meant as it is written, with its line
	Unused  []string `json:"unused,omitempty"`  // keys that only a buildkitd uses
	// Pending says that the engine that runs has another configuration; the next build that finds it
	// alone changes that. Absent if none runs.
	Pending *bool `json:"pending,omitempty"`
}

// A Registry is what the configuration says of one.
type Registry struct {
	Name         string   `json:"name"`
	Mirrors      []string `json:"mirrors,omitempty"`
	PlainHTTP    *bool    `json:"http,omitempty"`
	Insecure     bool     `json:"insecure,omitempty"`     // its certificate is not checked
	CA           []string `json:"ca,omitempty"`           // files, and directories of them
	Certificates []string `json:"certificates,omitempty"` // of the client
}

// A Proxy is one of the variables by which the engine finds its proxies.
type Proxy struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"` // for people
}
