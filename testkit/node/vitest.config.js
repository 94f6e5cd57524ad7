export default { test: { include: ['test/*.vitest.js'] } }
