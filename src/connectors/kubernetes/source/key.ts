import { replaceFile, type Host } from '../../../host/index.ts'

export async function redactKey(host: Host, folder: string): Promise<Uint8Array> {
  const path = `${folder}/redact.key`
  const entry = await host.disk.stat(path)
  if (entry !== undefined && entry.size > 0) return host.disk.readFile(path)
  const key = Buffer.from(host.random.bytes(32)).toString('base64url')
  await replaceFile(host.disk, folder, 'redact.key', [Buffer.from(key)])
  return Buffer.from(key)
}
