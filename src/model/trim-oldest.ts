type Entries<Key> = Readonly<{ size: number; keys(): Iterable<Key>; delete(key: Key): boolean }>

/** Removes entries of a `Map` or `Set` in order of insertion until at most `most` remain. */
export function trimOldest<Key>(entries: Entries<Key>, most: number): void {
  if (entries.size <= most) return
  for (const oldest of entries.keys()) {
    entries.delete(oldest)
    if (entries.size <= most) return
  }
}
