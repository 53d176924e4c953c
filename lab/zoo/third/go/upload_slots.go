//: says = "time.AfterFunc sets a two-hour expiry for each upload slot and is not stopped when the upload finishes, so the runtime's timers keep the closure and its slot"
//: kind = "leak"
//: causes = ["timer"]
//: holder = ["expireLater"]
//: per_s = 300
//: limit_mib = 512
package main

import (
	"bufio"
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

const slotLife = 2 * time.Hour

type chunk struct {
	Index  int    `json:"i"`
	Offset int64  `json:"o"`
	Sum    string `json:"s"`
	next   *chunk
}

type slot struct {
	id     int
	owner  string
	first  *chunk
	count  int
	expiry *time.Timer
}

type slotTable struct {
	sync.Mutex
	open    map[int]*slot
	expired int
	done    int
}

func newSlotTable() *slotTable {
	return &slotTable{open: make(map[int]*slot)}
}

func (t *slotTable) begin(id int) *slot {
	s := &slot{id: id, owner: "tenant-" + strconv.Itoa(id%200)}
	for i := 63; i >= 0; i-- {
		h := sha1.Sum([]byte{byte(id), byte(id >> 8), byte(id >> 16), byte(i)})
		s.first = &chunk{Index: i, Offset: int64(i) << 16, Sum: hex.EncodeToString(h[:]), next: s.first}
		s.count++
	}
	t.Lock()
	t.open[id] = s
	t.Unlock()
	t.expireLater(s)
	return s
}

func (t *slotTable) expireLater(s *slot) {
	s.expiry = time.AfterFunc(slotLife, func() {
		t.Lock()
		defer t.Unlock()
		if t.open[s.id] == s {
			delete(t.open, s.id)
			t.expired += s.count
		}
	})
}

func (t *slotTable) finish(s *slot) string {
	t.Lock()
	defer t.Unlock()
	s.expiry.Stop() //~ fixed
	delete(t.open, s.id)
	t.done++
	sum := sha1.New()
	for c := s.first; c != nil; c = c.next {
		sum.Write([]byte(c.Sum))
	}
	return hex.EncodeToString(sum.Sum(nil)[:6])
}

type api struct {
	slots *slotTable
	quota [200]int
	mu    sync.Mutex
}

func (a *api) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.URL.Path[1:])
	if err != nil {
		http.Error(w, "slot number wanted", http.StatusBadRequest)
		return
	}
	s := a.slots.begin(id)
	a.mu.Lock()
	a.quota[id%200] += s.count
	used := a.quota[id%200]
	a.mu.Unlock()
	body, _ := json.Marshal(map[string]any{"slot": id, "sum": a.slots.finish(s), "used": used})
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func run() error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(ln, &api{slots: newSlotTable()})
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
	}
	return in.Err()
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "uploads:", err)
		os.Exit(1)
	}
}
