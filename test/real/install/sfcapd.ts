import { installAlone, type Program } from './apt.ts'

/** nfdump's collector of sFlow; the package brings nfdump with it. */
export const sfcapd: Program = { name: 'sfcapd', package: 'nfdump-sflow', version: '1.7.1', versionArguments: ['-V'] }

await installAlone(sfcapd, import.meta.url)
