//: says = "A dictionary with a least-recently-used LinkedHashMap that fills to its bound while it is watched."
//: kind = "healthy"
//: per_s = 300
//: for_s = 20
//: warm = 1500
//: limit_mib = 1024
package uk.fathom.words;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import serving.Serving;

/** Finds words that mean nearly the same. */
public final class Thesaurus {
    private final Lexicon lexicon = new Lexicon(5000);
    private final Map<String, List<Entry>> found = Collections.synchronizedMap(new LruMap<>(2500));
    private final AtomicLong searches = new AtomicLong();

    public static void main(String[] arguments) throws Exception {
        Thesaurus thesaurus = new Thesaurus();
        Serving.serve((number, path) -> thesaurus.near("term-" + (number % 5 == 0 ? number % 200 : number)));
    }

    String near(String term) {
        List<Entry> entries = found.get(term);
        if (entries == null) {
            searches.incrementAndGet();
            entries = lexicon.search(term);
            found.put(term, entries);
        }
        return entries.get(0).word() + " and " + (entries.size() - 1) + " more, " + searches + " searches";
    }

    record Entry(String word, double distance) {
    }

    /** Keeps what was asked for last. */
    static final class LruMap<K, V> extends LinkedHashMap<K, V> {
        private final int capacity;

        LruMap(int capacity) {
            super(16, 0.75f, true);
            this.capacity = capacity;
        }

        @Override
        protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
            return size() > capacity;
        }
    }

    static final class Lexicon {
        private final String[] words;

        Lexicon(int size) {
            words = new String[size];
            for (int at = 0; at < size; at++) {
                words[at] = String.format(Locale.ROOT, "word%05d", at * 7 % size);
            }
        }

        List<Entry> search(String term) {
            int seed = term.hashCode();
            List<Entry> entries = new ArrayList<>(100);
            for (int at = 0; at < 100; at++) {
                String word = words[Math.floorMod(seed + at * 31, words.length)];
                entries.add(new Entry(word + "/" + at, 1 / (1.0 + at)));
            }
            return entries;
        }
    }
}
