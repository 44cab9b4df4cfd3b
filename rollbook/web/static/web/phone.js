// What this browser calls itself in a check-in: a random number of its own, drawn once, and the count of its events. They
// say of which telephone an event is and whether one is missing, and nothing of its owner or of what else is done with it.
class Phone {
  constructor() {
    this.database = new Promise((resolve, reject) => {
      const request = indexedDB.open("rollbook-phone", 1);
      request.onupgradeneeded = () => request.result.createObjectStore("phone");
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  }

  random() {
    if (crypto.randomUUID) return crypto.randomUUID();
    return "10000000-1000-4000-8000-100000000000".replace(/[018]/g, (c) => (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16));
  }

  // One transaction, so that two pages at once never give the same number.
  async next() {
    const fresh = this.random();
    const transaction = (await this.database).transaction("phone", "readwrite");
    const where = transaction.objectStore("phone");
    return new Promise((resolve, reject) => {
      const request = where.get("self");
      let found;
      request.onsuccess = () => {
        found = { device: fresh, sequence: 0, ...request.result };
        found.sequence += 1;
        where.put(found, "self");
      };
      transaction.oncomplete = () => resolve({ ...found, nonce: this.random() });
      transaction.onerror = transaction.onabort = () => reject(transaction.error);
    });
  }
}
const phone = new Phone();
