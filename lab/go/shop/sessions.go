package main

// Session is what a customer has in hand.
type Session struct {
	id   string
	cart []byte
}

// SessionStore leaks: sessions never end.
type SessionStore struct {
	entries map[string]*Session
}

var store = &SessionStore{entries: map[string]*Session{}}

// Put remembers a session for good.
func (s *SessionStore) Put(id string, number int) {
	s.entries[id] = newSession(id)
}

func newSession(id string) *Session {
	return &Session{id: id, cart: make([]byte, 2048)}
}
