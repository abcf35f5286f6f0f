const form = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

export function readUid(uid: string, words: Uint32Array): boolean {
  if (!form.test(uid)) return false
  words[0] = Number.parseInt(uid.slice(0, 8), 16)
  words[1] = Number.parseInt(uid.slice(9, 13) + uid.slice(14, 18), 16)
  words[2] = Number.parseInt(uid.slice(19, 23) + uid.slice(24, 28), 16)
  words[3] = Number.parseInt(uid.slice(28), 16)
  return true
}

export function uidText(words: Uint32Array, at: number): string {
  let text = ''
  for (let word = at; word < at + 4; word++) text += words[word]!.toString(16).padStart(8, '0')
  return `${text.slice(0, 8)}-${text.slice(8, 12)}-${text.slice(12, 16)}-${text.slice(16, 20)}-${text.slice(20)}`
}

export function uidHash(words: Uint32Array, at: number): number {
  let h = Math.imul(words[at + 3]! ^ (words[at + 2]! << 7), 0x9e3779b1)
  h = Math.imul(h ^ (h >>> 15) ^ words[at + 1]!, 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13) ^ words[at]!, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
