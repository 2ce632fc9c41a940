/**
 * Does work in groups: what is added while a group is being worked on makes the next one. A write
 * costs mostly its way to the disk and back, so that many at once cost little more than one.
 *
 * @param work takes the items in the order in which they were added; one group at a time
 * @returns adds an item; resolves when its group is done, rejects as `work` does
 */
export function groupWork<Item>(
  work: (items: readonly Item[]) => Promise<void>,
): (item: Item) => Promise<void> {
  let gathered: Item[] = []
  let next: Promise<void> | undefined
  let current: Promise<unknown> = Promise.resolve()
  return (item) => {
    gathered.push(item)
    next ??= current.then(() => {
      const group = gathered
      gathered = []
      next = undefined
      const done = work(group)
      current = done.catch(() => {})
      return done
    })
    return next
  }
}
