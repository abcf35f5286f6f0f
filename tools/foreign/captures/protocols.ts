const numbers: Readonly<Record<string, number>> = {
  hopopt: 0,
  icmp: 1,
  igmp: 2,
  ipv4: 4,
  ipencap: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  rsvp: 46,
  gre: 47,
  esp: 50,
  'ipv6-icmp': 58,
  icmp6: 58,
  ospf: 89,
  ospfigp: 89,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
}

export function protocolNumber(name: string): number | undefined {
  return numbers[name] ?? (/^\d+$/.test(name) ? Number(name) : undefined)
}
