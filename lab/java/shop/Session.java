package shop;

/** What a user has in the cart. */
final class Session {
    final String user;
    final byte[] cart;

    Session(String user, byte[] cart) {
        this.user = user;
        this.cart = cart;
    }
}
