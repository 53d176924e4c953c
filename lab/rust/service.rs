// A service that makes objects behind a trait: `traits` holds them in a static vector, `cycle` forgets them in circles of
// Rc, `table` holds plain structs in a map, `bounded` keeps the last 4,096 of them.
// usage: service traits|cycle|table|bounded FIRST [PER_S]   makes FIRST, says so, then PER_S more each second; ends
// where PER_S is 0.
use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::Write;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;

mod shop {
    pub trait Payload: Send {
        fn weight(&self) -> usize;
    }

    pub struct Session {
        pub user: String,
        pub state: [u8; 200],
    }

    impl Payload for Session {
        fn weight(&self) -> usize {
            self.user.len() + self.state[7] as usize
        }
    }

    pub struct Basket {
        pub items: [u64; 4],
    }

    impl Payload for Basket {
        fn weight(&self) -> usize {
            self.items[1] as usize
        }
    }
}

use shop::{Basket, Payload, Session};

static OPEN: Mutex<Vec<Box<dyn Payload>>> = Mutex::new(Vec::new());
static TABLE: Mutex<Option<HashMap<u64, Session>>> = Mutex::new(None);

struct Node {
    body: [u8; 176],
    peers: RefCell<Vec<Rc<Node>>>,
}

fn session(number: u64) -> Session {
    Session { user: format!("customer-number-{:06}", number), state: [46; 200] }
}

#[inline(never)]
fn open_session(number: u64) {
    OPEN.lock().unwrap().push(Box::new(session(number)));
}

#[inline(never)]
fn remember(number: u64) {
    TABLE.lock().unwrap().get_or_insert_with(HashMap::new).insert(number, session(number));
}

#[inline(never)]
fn introduce(number: u64) {
    let one = Rc::new(Node { body: [number as u8; 176], peers: RefCell::default() });
    let other = Rc::new(Node { body: [1; 176], peers: RefCell::default() });
    one.peers.borrow_mut().push(other.clone());
    other.peers.borrow_mut().push(one.clone());
    assert!(one.body[0] != 255 || other.body[3] == 1);
}

#[inline(never)]
fn turn_over(last: &mut VecDeque<Box<dyn Payload>>, number: u64) {
    last.push_back(Box::new(session(number)));
    if last.len() > 4096 {
        last.pop_front();
    }
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let first: u64 = words[2].parse().unwrap();
    let per_s: u64 = words.get(3).map_or(0, |word| word.parse().unwrap());
    let mut last = VecDeque::new();
    for number in 0..100 {
        OPEN.lock().unwrap().push(Box::new(Basket { items: [number; 4] }));
    }
    let mut made = 0;
    let mut work = |count: u64| {
        for _ in 0..count {
            match words[1].as_str() {
                "traits" => open_session(made),
                "cycle" => introduce(made),
                "table" => remember(made),
                _ => turn_over(&mut last, made),
            }
            made += 1;
        }
    };
    work(first);
    println!("ready {first}");
    std::io::stdout().flush().unwrap();
    while per_s > 0 {
        work(per_s / 20);
        std::thread::sleep(Duration::from_millis(50));
    }
    println!("{}", OPEN.lock().unwrap().iter().map(|each| each.weight()).sum::<usize>());
}
