package handlers

// powerParams are those of buildls/power: what the client knows of the computer's power.
type powerParams struct {
	Battery bool `json:"battery"` // the computer runs on it
}

// power has builds not follow the text on battery, and follow it again when the power is back.
func (s *Server) power(p *powerParams) error {
	s.following.mu.Lock()
	s.following.battery = p.Battery
	s.following.mu.Unlock()
	s.following.look()
	return nil
}
