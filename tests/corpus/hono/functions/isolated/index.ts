// Written as for Workers, but with a timer that is to go on.
let ticks = 0
setInterval(() => ticks++, 5)

export default {
  fetch: () => Response.json({ ticking: ticks > 3 }),
}
