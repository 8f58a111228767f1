export default { most: 3 };
