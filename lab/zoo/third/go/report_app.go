//: says = "every report request registers a cleanup closure with the application's shutdown hooks, where closures with their reports pile up until exit"
//: kind = "leak"
//: causes = ["closure", "listener"]
//: holder = ["App", "hooks"]
//: per_s = 300
//: limit_mib = 512
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

// App ties the parts together and runs hooks in reverse order on Close.
type App struct {
	mu    sync.Mutex
	hooks []func() error
	log   *ring
	store *figures
}

func (a *App) OnClose(fn func() error) {
	a.mu.Lock()
	a.hooks = append(a.hooks, fn)
	a.mu.Unlock()
}

func (a *App) Close() (err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := len(a.hooks) - 1; i >= 0; i-- {
		err = errors.Join(err, a.hooks[i]())
	}
	return err
}

type ring struct {
	mu    sync.Mutex
	lines [256]string
	at    int
}

func (r *ring) printf(f string, v ...any) {
	r.mu.Lock()
	r.lines[r.at%256] = fmt.Sprintf(f, v...)
	r.at++
	r.mu.Unlock()
}

type figures struct {
	byRegion map[string][]float64
}

type cell struct {
	label string
	value float64
	link  *cell
}

type report struct {
	n     int
	rows  [][]*cell
	spent time.Duration
	open  bool
}

func (f *figures) report(ctx context.Context, n int) (*report, error) {
	rep := &report{n: n, open: true}
	start := time.Now()
	for r := 0; r < 8; r++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		region := "region" + strconv.Itoa((n+r)%16)
		var row []*cell
		var prev *cell
		for i, v := range f.byRegion[region] {
			c := &cell{label: region + "." + strconv.Itoa(i), value: v * float64(1+n%5), link: prev}
			row, prev = append(row, c), c
		}
		rep.rows = append(rep.rows, row)
	}
	rep.spent = time.Since(start)
	return rep, nil
}

func (r *report) release() error {
	r.open, r.rows = false, nil
	return nil
}

func (a *App) show(w http.ResponseWriter, req *http.Request) {
	n, _ := strconv.Atoi(req.URL.Path[1:])
	rep, err := a.store.report(req.Context(), n)
	if err != nil {
		http.Error(w, err.Error(), 503)
		return
	}
	a.OnClose(func() error { return rep.release() }) //~ leak
	defer rep.release()                              //~ fixed
	sum := 0.0
	for _, row := range rep.rows {
		for _, c := range row {
			sum += c.value
		}
	}
	a.log.printf("report %d took %s", n, rep.spent)
	fmt.Fprintf(w, "report %d: %.1f in %d rows", n, sum, len(rep.rows))
}

func main() {
	app := &App{log: &ring{}, store: &figures{byRegion: map[string][]float64{}}}
	for i := 0; i < 16; i++ {
		for k := 0; k < 12; k++ {
			key := "region" + strconv.Itoa(i)
			app.store.byRegion[key] = append(app.store.byRegion[key], float64(i*k)+0.5)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", app.show)
	lis, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	srv := &http.Server{Handler: mux}
	app.OnClose(srv.Close)
	go srv.Serve(lis)
	fmt.Printf("ready pid=%d port=%d\n", os.Getpid(), lis.Addr().(*net.TCPAddr).Port)
	io.Copy(io.Discard, os.Stdin)
	app.Close()
}
