"""LEAK: receipts wait in an attribute of the one gateway object for a confirmation that never comes."""

from life import Life


class Receipt:
    def __init__(self, number):
        self.id = f"rcpt-{number:08d}"
        self.lines = [{"sku": f"sku-{step}", "cents": number + step} for step in range(6)]


class PaymentGateway:
    def __init__(self):
        self.endpoint = "https://payments.example"
        self.pending_receipts = {}

    def charge(self, receipt):
        self.pending_receipts[receipt.id] = receipt

    def confirm(self, receipt_id):
        self.pending_receipts.pop(receipt_id, None)


class CheckoutService:
    def __init__(self, gateway):
        self.gateway = gateway

    def checkout(self, number):
        self.gateway.charge(Receipt(number))


service = CheckoutService(PaymentGateway())

if __name__ == "__main__":
    for number in Life(item_bytes=2000).requests():
        service.checkout(number)
