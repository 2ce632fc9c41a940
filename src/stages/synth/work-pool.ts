/**
 * Works on the items of a stream, so many at a time, each begun as soon as a place is free. After
 * the first failure, or when `stopped` says so, no more are begun; those in work are finished.
 *
 * @throws the first failure, when all have ended
 */
export async function workConcurrently<Item>(
  items: AsyncIterable<Item>,
  places: number,
  work: (item: Item) => Promise<void>,
  stopped: () => boolean = () => false,
): Promise<void> {
  const iterator = items[Symbol.asyncIterator]()
  let failure: { error: unknown } | undefined
  let ended = false
  const runPlace = async () => {
    while (!ended && failure === undefined && !stopped()) {
      try {
        const { done, value } = await iterator.next()
        if (done) ended = true
        else await work(value)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: places }, runPlace))
  await iterator.return?.()
  if (failure) throw failure.error
}
