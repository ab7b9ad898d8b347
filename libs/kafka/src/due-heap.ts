/** The earliest first: a binary heap of what is due at some time, in milliseconds since the epoch. */
export class DueHeap<T> {
  private readonly items: { readonly due: number; readonly value: T }[] = [];

  get size(): number {
    return this.items.length;
  }

  /** The earliest time; `Infinity` when empty. */
  get nextDue(): number {
    return this.items[0]?.due ?? Number.POSITIVE_INFINITY;
  }

  push(due: number, value: T): void {
    const { items } = this;
    let at = items.push({ due, value }) - 1;
    for (let above; at > 0 && items[(above = (at - 1) >> 1)]!.due > due; at = above) items[at] = items[above]!;
    items[at] = { due, value };
  }

  /** The earliest. @throws when empty */
  pop(): T {
    const { items } = this;
    const [top] = items;
    const last = items.pop();
    if (top === undefined || last === undefined) throw new Error('the heap is empty');
    if (items.length > 0) this.sink(last);
    return top.value;
  }

  private sink(item: { readonly due: number; readonly value: T }): void {
    const { items } = this;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= items.length) break;
      if (below + 1 < items.length && items[below + 1]!.due < items[below]!.due) below++;
      if (items[below]!.due >= item.due) break;
      items[at] = items[below]!;
      at = below;
    }
    items[at] = item;
  }
}
