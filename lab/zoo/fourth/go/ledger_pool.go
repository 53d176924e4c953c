//: says = "lookup() returns early for a missing account without giving its connection back, so ConnPool opens another one and keeps the lost ones in its leased map"
//: kind = "leak"
//: causes = ["connection-pool"]
//: holder = ["ConnPool", "leased"]
//: per_s = 250
//: limit_mib = 512
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
)

type statement struct {
	sql     string
	columns []string
	plan    []int
}

type loop struct{ buf []string }

func (l *loop) Write(p []byte) (int, error) {
	l.buf = append(l.buf[:0], string(p))
	return len(p), nil
}

func (l *loop) Read(p []byte) (int, error) {
	if len(l.buf) == 0 {
		return 0, io.EOF
	}
	n := copy(p, l.buf[0])
	l.buf = l.buf[:0]
	return n, nil
}

type Conn struct {
	id       int
	rd       *bufio.Reader
	wr       *bufio.Writer
	prepared map[string]*statement
}

func dial(id int) *Conn {
	wire := &loop{}
	c := &Conn{id: id, rd: bufio.NewReaderSize(wire, 8192), wr: bufio.NewWriterSize(wire, 8192), prepared: map[string]*statement{}}
	for _, table := range []string{"account", "posting", "balance", "currency", "owner", "branch"} {
		st := &statement{sql: "SELECT * FROM " + table + " WHERE id = $1", plan: make([]int, 48)}
		for i := 0; i < 12; i++ {
			st.columns = append(st.columns, fmt.Sprintf("%s_c%d", table, i))
		}
		c.prepared[table] = st
	}
	return c
}

func (c *Conn) ask(table string, id int) string {
	fmt.Fprintf(c.wr, "%s [%d]\n", c.prepared[table].sql, id)
	c.wr.Flush()
	line, _ := c.rd.ReadString('\n')
	return strings.TrimSpace(line)
}

type ConnPool struct {
	mu     sync.Mutex
	idle   []*Conn
	leased map[int]*Conn
	serial int
}

func (p *ConnPool) Get() *Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	var c *Conn
	if n := len(p.idle); n > 0 {
		c, p.idle = p.idle[n-1], p.idle[:n-1]
	} else {
		p.serial++
		c = dial(p.serial)
	}
	p.leased[c.id] = c
	return c
}

func (p *ConnPool) Put(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.leased, c.id)
	p.idle = append(p.idle, c)
}

var errNoAccount = errors.New("no such account")

func lookup(p *ConnPool, id int) (string, error) {
	c := p.Get()
	defer p.Put(c) //~ fixed
	row := c.ask("account", id)
	if id%3 == 1 {
		return "", fmt.Errorf("%w: %s", errNoAccount, row)
	}
	text := fmt.Sprintf("conn %d: %s; balance %d", c.id, c.ask("balance", id), id*37%100000)
	p.Put(c) //~ leak
	return text, nil
}

func main() {
	pool := &ConnPool{leased: make(map[int]*Conn)}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	go http.Serve(ln, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := strconv.Atoi(r.URL.Path[1:])
		text, err := lookup(pool, id)
		if err != nil {
			text = "empty: " + err.Error()
		}
		fmt.Fprintln(w, text)
	}))
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), ln.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
}
