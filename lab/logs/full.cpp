// Runs out of its address space.
#include <vector>

int main() {
    std::vector<char*> kept;
    for (;;) {
        kept.push_back(new char[16 << 20]);
    }
}
