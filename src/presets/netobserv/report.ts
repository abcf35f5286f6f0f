export class Report {
  /** Settings without an effect here, and differences that lose nothing. */
  readonly notes: string[] = []
  /** Settings that change the result and cannot be honoured. */
  readonly unsupported: string[] = []

  note(path: string, reason: string): void {
    const line = `${path}: ${reason}`
    if (!this.notes.includes(line)) this.notes.push(line)
  }

  refuse(path: string, reason: string): void {
    const line = `${path}: ${reason}`
    if (!this.unsupported.includes(line)) this.unsupported.push(line)
  }

  noteAll(path: string, settings: Readonly<Record<string, unknown>>, reasons: Readonly<Record<string, string>>): void {
    for (const [key, reason] of Object.entries(reasons))
      if (settings[key] !== undefined) this.note(`${path}.${key}`, reason)
  }

  refuseAll(
    path: string,
    settings: Readonly<Record<string, unknown>>,
    reasons: Readonly<Record<string, string>>,
  ): void {
    for (const [key, reason] of Object.entries(reasons)) {
      const value = settings[key]
      if (value !== undefined && value !== '' && value !== false) this.refuse(`${path}.${key}`, reason)
    }
  }
}
