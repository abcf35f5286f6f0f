type Path = readonly (string | number)[]

/** A value under repair. Each map and list that a change passes is copied once, however many changes follow. */
export class Draft {
  #value: unknown
  readonly #copies = new Set<unknown>()

  constructor(value: unknown) {
    this.#value = value
  }

  get value(): unknown {
    return this.#value
  }

  /** Maps and lists above exist. */
  set(path: Path, value: unknown): void {
    const key = path.at(-1)
    if (key === undefined) this.#value = value
    else put(this.#own(path.slice(0, -1)), key, value)
  }

  remove(path: Path): void {
    const key = path.at(-1)
    if (key !== undefined) Reflect.deleteProperty(this.#own(path.slice(0, -1)), key)
  }

  #own(path: Path): object {
    this.#value = this.#copy(this.#value)
    let at = this.#value as object
    for (const key of path) {
      const inner = this.#copy(Reflect.get(at, key))
      put(at, key, inner)
      at = inner
    }
    return at
  }

  #copy(container: unknown): object {
    if (this.#copies.has(container)) return container as object
    const copy = Array.isArray(container) ? [...(container as unknown[])] : { ...(container as object) }
    this.#copies.add(copy)
    return copy
  }
}

/** Also the key `__proto__`, which an assignment would not create. */
function put(container: object, key: string | number, value: unknown) {
  Object.defineProperty(container, key, { value, writable: true, enumerable: true, configurable: true })
}

export function replacedAll(container: unknown, changes: Iterable<Readonly<{ path: Path; value: unknown }>>): unknown {
  const draft = new Draft(container)
  for (const { path, value } of changes) draft.set(path, value)
  return draft.value
}
