// The key "/" leads to the field that finds acts and cases. Without this script
// the field is reached by the tabulator.
(function () {
  'use strict';
  var field = document.getElementById('find');
  if (!field) return;
  document.addEventListener('keydown', function (e) {
    var at = e.target;
    if (e.key !== '/' || e.ctrlKey || e.altKey || e.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.isContentEditable) return;
    e.preventDefault();
    field.focus();
    field.select();
  });
})();
