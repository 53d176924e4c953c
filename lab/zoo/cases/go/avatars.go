//: says = "an image service keeps each avatar that it drew in a map by customer and day; nothing is ever taken out"
//: kind = "leak"
//: causes = ["unbounded-cache"]
//: holder = ["drawAvatar", "AvatarCache"]
//: per_s = 300
//: for_s = 20
//: warm = 800
package main

import (
	"container/list"
	"fmt"
	"hash/fnv"
	"sync"
)

const size = 48

// Picture is one avatar, four bytes for each point.
type Picture struct {
	key    string
	points []byte
}

// AvatarCache spares the drawing.
type AvatarCache struct {
	mu      sync.Mutex
	entries map[string]*list.Element
	order   *list.List
	most    int
}

func (c *AvatarCache) Get(key string) *Picture {
	c.mu.Lock()
	defer c.mu.Unlock()
	if found, ok := c.entries[key]; ok {
		c.order.MoveToFront(found)
		return found.Value.(*Picture)
	}
	picture := drawAvatar(key)
	c.entries[key] = c.order.PushFront(picture)
	if c.order.Len() > c.most { //~ fixed
		oldest := c.order.Back() //~ fixed
		delete(c.entries, c.order.Remove(oldest).(*Picture).key) //~ fixed
	} //~ fixed
	return picture
}

func drawAvatar(key string) *Picture {
	hash := fnv.New32a()
	hash.Write([]byte(key))
	colour := hash.Sum32()
	points := make([]byte, 4*size*size)
	for at := 0; at < len(points); at += 4 {
		points[at], points[at+1], points[at+2] = byte(colour), byte(colour>>8), byte(at)
	}
	return &Picture{key, points}
}

// Palette is read once, and small.
var palette = map[string]uint32{"sea": 0x204060, "sand": 0xd0c080, "pine": 0x205030}

func main() {
	cache := &AvatarCache{entries: map[string]*list.Element{}, order: list.New(), most: 500}
	serve(func(number int, path string) string {
		picture := cache.Get(fmt.Sprintf("customer-%d/%s", number, path))
		return fmt.Sprintf("%d points, %d colours\n", len(picture.points)/4, len(palette))
	})
}
