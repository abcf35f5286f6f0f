const segmentPattern = /^\d{16}\.seg$/

export function segmentName(firstSequence: number): string {
  return `${String(firstSequence).padStart(16, '0')}.seg`
}

export function segmentStart(name: string): number | undefined {
  return segmentPattern.test(name) ? Number(name.slice(0, 16)) : undefined
}

export function offsetName(sink: string): string {
  return `${sink}.offset`
}

export function directoryOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf('/')))
}
