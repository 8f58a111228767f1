export default { most: 2 };
